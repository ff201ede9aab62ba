import type { IncomingMessage, ServerResponse } from 'node:http';
import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';
import type { FileStore } from '../../../infra/database';
import { answering, HttpError, sendJson } from '../../../infra/http/answers';
import { ConcurrencyLimit } from '../../../infra/http/receive-file';
import { defineMethods } from '../../../infra/link';
import { parse, visitorOf } from '../errors';
import { live } from '../live';
import type { ApiPart } from '../part';
import { retry } from '../tasks/retry';
import { ownerOfCookies } from '../visitors/token';
import { Pictures } from './collection';
import { addPicture, ownPicture, remove } from './pictures';
import { receivePhoto } from './receive';

export const pictures: ApiPart<'pictures'> = {
  limits: { 'pictures.retry': [20, 10_000], 'pictures.remove': [40, 10_000] },
  publications: ['pictures.mine'],
  async ensureIndexes() {
    await Pictures.createIndexAsync({ owner: 1, createdAt: -1 });
    await Pictures.createIndexAsync({ createdAt: -1 });
  },
  async start(files) {
    definePictureMethods(files);
    publishPictures();
    WebApp.handlers.post('/upload/pictures', uploadRoute(files));
  },
};

declare module '../contract' {
  interface Methods {
    'pictures.retry': (id: string) => undefined;
    'pictures.remove': (id: string) => undefined;
  }
}

/** What a visitor does with pictures, apart from uploading them. */
function definePictureMethods(files: FileStore): void {
  defineMethods({
    async 'pictures.retry'(id: unknown) {
      const picture = await ownPicture(visitorOf(this), parse('pictures.retry', id, String));
      await retry(picture._id);
    },

    async 'pictures.remove'(id: unknown) {
      await remove(await ownPicture(visitorOf(this), parse('pictures.remove', id, String)), files);
    },
  });
}

/** `pictures.mine`: the visitor's own pictures. */
function publishPictures(): void {
  Meteor.publish('pictures.mine', function () {
    if (!this.userId) return;
    // No `limit`: `makeRoom` bounds them, and Meteor 3.5's change streams serve no cursor that has one.
    return Pictures.find({ owner: this.userId }, { fields: { owner: 0 }, ...live });
  });
}

/**
 * How many uploads of one visitor may be under way at once, and how slow each may be: a little less than the role's own
 * limit for any request (settings: limits.requestMs), so that the sender gets an answer and not a cut line.
 */
const atOnce = 3;
const patience = { idleMs: 15_000, totalMs: 55_000 };

/** `POST /upload/pictures`: a multipart form with one photo. Answers 201 with `{ id }` of the picture. */
function uploadRoute(files: FileStore) {
  const limit = new ConcurrencyLimit(atOnce);
  return answering(async (request: IncomingMessage, response: ServerResponse) => {
    const owner = ownerOfCookies(request.headers.cookie);
    if (!owner)
      throw new HttpError(401, 'no-visitor', 'Open the page first: it gives your browser its visitor cookie.');
    const id = await limit.pass(owner, async () => {
      const photo = await receivePhoto(request, owner, files, patience);
      return addPicture(owner, photo, files);
    });
    sendJson(response, 201, { id });
  });
}
