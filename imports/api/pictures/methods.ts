import type { FileStore } from '../../../infra/database';
import { defineMethods } from '../../../infra/link';
import { parse, visitorOf } from '../errors';
import { retry } from '../tasks/retry';
import { ownPicture, remove } from './pictures';

/** What a visitor does with pictures, apart from uploading them (see `upload.ts`). */
export function definePictureMethods(files: FileStore): void {
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
