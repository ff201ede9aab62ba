import { WebApp } from 'meteor/webapp';
import type { ApiPart } from '../part';
import { Pictures } from './collection';
import { definePictureMethods } from './methods';
import { publishPictures } from './publications';
import { uploadRoute } from './upload';

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
