import type { Meteor } from 'meteor/meteor';
import { defineMethods } from '../../../infra/link';
import { badInput } from '../errors';
import type { ApiPart } from '../part';
import { isVisitorToken, ownerOf } from './token';

export const visitors: ApiPart<'visitors'> = {
  limits: { 'visitors.enter': [10, 10_000] },
  publications: [],
  async start() {
    defineVisitorMethods();
  },
};

declare module '../contract' {
  interface Methods {
    'visitors.enter': (token: string) => undefined;
  }
}

/** `visitors.enter(token)`: from here on the connection speaks for the owner of that token. */
export function defineVisitorMethods(): void {
  defineMethods({
    async 'visitors.enter'(this: Meteor.MethodThisType, token: unknown) {
      if (!isVisitorToken(token)) throw badInput('the token must be 64 hexadecimal digits');
      // Publications run again for the new user; what is said next must not come in between.
      await this.setUserId(ownerOf(token));
    },
  });
}
