import type { ApiPart } from '../part';
import { defineVisitorMethods } from './methods';

export const visitors: ApiPart<'visitors'> = {
  limits: { 'visitors.enter': [10, 10_000] },
  publications: [],
  async start() {
    defineVisitorMethods();
  },
};
