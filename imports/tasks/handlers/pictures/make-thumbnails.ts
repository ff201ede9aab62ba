import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type Handler, type HandlerContext, nativePackage } from '../../../../infra/workers/handler';
import { type Picture, picturesCollection, type Thumbnail } from '../../pictures/documents';
import { type Jpeg, openPhoto, type Sharp, thumbnailOf } from './photo';

/** In pixels; the height follows from the photo. A photo that is narrower is not blown up. */
export const thumbnailWidths = [160, 480, 960] as const;

/**
 * Makes three thumbnails of an uploaded photo and hangs them on its picture. Safe to run again: what an earlier run
 * made is replaced. A file that is no whole photo fails for good, in words meant for its owner.
 */
export const handler: Handler<'makeThumbnails'> = async (task, context) => {
  const { file, owner } = task.data;
  const sharp = loadSharp();
  const photo = await openPhoto(sharp, await buffer(await context.files.open(file)));
  context.progress(0.4, 'photo read');
  const jpegs: Jpeg[] = [];
  for (const width of thumbnailWidths) {
    context.signal.throwIfAborted();
    jpegs.push(await thumbnailOf(sharp, photo, width));
    context.progress(0.4 + 0.2 * jpegs.length, `${width} pixels wide`);
  }
  // Stored when all are made: what fails leaves nothing behind.
  const thumbnails = await Promise.all(jpegs.map(jpeg => store(jpeg, owner, context)));
  await attach(task._id, { width: photo.width, height: photo.height, thumbnails }, context);
  return { thumbnails: thumbnails.map(({ width, height }) => ({ width, height })) };
};

/** There are as many workers as cores: each has one thread for its pictures, and keeps none in memory. */
function loadSharp(): Sharp {
  const sharp = nativePackage<Sharp>('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

async function store({ bytes, width, height }: Jpeg, owner: string, context: HandlerContext): Promise<Thumbnail> {
  const name = `thumbnail-${width}x${height}.jpg`;
  const file = await context.files.put(Readable.from([bytes]), { name, type: 'image/jpeg', owner, kind: 'thumbnail' });
  return { id: file.id, name, size: bytes.length, width, height };
}

type Made = Required<Pick<Picture, 'width' | 'height' | 'thumbnails'>>;

async function attach(pictureId: string, made: Made, context: HandlerContext): Promise<void> {
  const pictures = context.db.collection<Picture>(picturesCollection);
  const before = await pictures.findOneAndUpdate({ _id: pictureId }, { $set: made });
  const unwanted = before ? (before.thumbnails ?? []) : made.thumbnails;
  for (const { id } of unwanted) await context.files.remove(id);
}
