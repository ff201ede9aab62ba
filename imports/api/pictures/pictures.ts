import { Random } from 'meteor/random';
import type { FileStore } from '../../../infra/database';
import { TaskQueue } from '../../../infra/queue';
import { type FileLink, maxPicturesKept, type Picture } from '../../tasks/pictures/documents';
import { notFound } from '../errors';
import { addOrUndo } from '../tasks/add-or-undo';
import { liveAmong } from '../tasks/collection';
import { Pictures } from './collection';

/** Keeps an uploaded photo and asks for its thumbnails. Where that fails, the file goes too. */
export async function addPicture(owner: string, original: FileLink, files: FileStore): Promise<string> {
  const _id = Random.id();
  await Pictures.insertAsync({ _id, owner, name: original.name, createdAt: new Date(), original });
  await addOrUndo(
    () => TaskQueue.addTask({ _id, taskType: 'makeThumbnails', data: { file: original.id, owner } }),
    async () => {
      await Pictures.removeAsync(_id);
      await files.remove(original.id);
    },
  );
  await makeRoom(owner, files);
  return _id;
}

/** The visitor's own picture. @throws Meteor.Error `not-found`. */
export async function ownPicture(owner: string, id: string): Promise<Picture> {
  const picture = await Pictures.findOneAsync({ _id: id, owner });
  if (!picture) throw notFound('picture');
  return picture;
}

/** Takes a picture away, with the photo and its thumbnails. */
export async function remove(picture: Picture, files: FileStore): Promise<void> {
  await Pictures.removeAsync(picture._id);
  if ((await liveAmong([picture._id])).size > 0) await TaskQueue.cancel(picture._id);
  for (const { id } of [picture.original, ...(picture.thumbnails ?? [])]) await files.remove(id);
}

async function makeRoom(owner: string, files: FileStore): Promise<void> {
  const old = await Pictures.find({ owner }, { sort: { createdAt: -1 }, skip: maxPicturesKept }).fetchAsync();
  for (const picture of old) await remove(picture, files);
}
