import { WebApp } from 'meteor/webapp';
import type { ApiPart } from '../part';
import { downloadRoute } from './download';

export const files: ApiPart = {
  limits: {},
  publications: [],
  async start(store) {
    WebApp.handlers.get('/files/:id', downloadRoute(store));
  },
};
