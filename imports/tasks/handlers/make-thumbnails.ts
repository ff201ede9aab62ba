import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { defaultFormats, Jimp, JimpMime } from 'jimp';
import { FatalError, type Handler, type HandlerContext } from '../../../infra/workers/handler';
import { collections, type Picture, type Thumbnail } from '../documents';
import { PictureError, type PictureHeader, readPictureHeader } from '../picture-header';

/** In pixels; the height follows from the photo. A photo that is narrower is not blown up. */
export const thumbnailWidths = [160, 480, 960] as const;

/** Four bytes each once they are unfolded: 200 MB of memory in the worker. */
export const maxPixels = 50_000_000;

/**
 * Makes three thumbnails of an uploaded photo and hangs them on its picture. Safe to run again: what an earlier run
 * made is replaced. A file that is no whole photo fails for good, in words meant for its owner.
 */
export const handler: Handler<'makeThumbnails'> = async (task, context) => {
  const { file, owner } = task.data;
  const { photo, header } = await readPhoto(file, context);
  const { width, height } = shownSize(header);
  context.progress(0.4, 'photo read');
  const thumbnails: Thumbnail[] = [];
  let image = photo;
  for (const target of [...thumbnailWidths].reverse()) {
    context.signal.throwIfAborted();
    // Each from the one before: shrinking the whole photo three times would take three times as long.
    image = shrink(image, header, target / width);
    thumbnails.unshift(await store(upright(image, header), owner, context));
    context.progress(0.4 + 0.2 * thumbnails.length, `${target} pixels wide`);
  }
  await attach(task._id, { width, height, thumbnails }, context);
  return { thumbnails: thumbnails.map(({ width, height }) => ({ width, height })) };
};

type Photo = ReturnType<typeof Jimp.fromBitmap>;

/** The decoders by type. Not `Jimp.read`: what it reads, and how it guesses the type, is more than we want to allow. */
const decoders = new Map(defaultFormats.map(format => format()).map(({ mime, decode }) => [mime as string, decode]));

/** Not tolerant: a damaged photo would come out half grey and nobody would be told. */
const strictly = { tolerantDecoding: false, maxResolutionInMP: maxPixels / 1e6, maxMemoryUsageInMB: 1024 };

async function readPhoto(file: string, context: HandlerContext): Promise<{ photo: Photo; header: PictureHeader }> {
  const bytes = await buffer(await context.files.open(file));
  try {
    const header = readPictureHeader(bytes);
    refuseBomb(header);
    const decode = decoders.get(header.type) as (bytes: Buffer, options: object) => Photo['bitmap'];
    const bitmap = await decode(bytes, header.type === 'image/jpeg' ? strictly : {});
    return { photo: Jimp.fromBitmap(bitmap), header };
  } catch (error) {
    throw fatal(error);
  }
}

/** The photo's size as it is seen: one that lies on its side has width and height swapped. */
function shownSize({ width, height, orientation }: PictureHeader): { width: number; height: number } {
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

/** A copy, turned as its camera was held. */
function upright(image: Photo, { orientation }: PictureHeader): Photo {
  const { flip, degrees } = turns[orientation] ?? {};
  const copy = image.clone() as Photo;
  if (flip) copy.flip({ horizontal: true, vertical: false });
  if (degrees) copy.rotate(degrees);
  return copy;
}

/** By EXIF orientation: mirrored first, then turned, counter-clockwise as jimp does. */
const turns: Record<number, { flip?: true; degrees?: number }> = {
  2: { flip: true },
  3: { degrees: 180 },
  4: { flip: true, degrees: 180 },
  5: { flip: true, degrees: 90 },
  6: { degrees: 270 },
  7: { flip: true, degrees: 270 },
  8: { degrees: 90 },
};

function refuseBomb({ width, height }: PictureHeader): void {
  if (width * height <= maxPixels) return;
  const million = (pixels: number) => `${Math.round(pixels / 1e6)} million`;
  throw new PictureError(
    `This picture has ${width} × ${height} pixels (${million(width * height)}); ${million(maxPixels)} is the most.`,
  );
}

/** The same bytes fail the same way each time: no retry would help. */
function fatal(error: unknown): FatalError {
  const known = error instanceof PictureError;
  const reason = error instanceof Error ? error.message : String(error);
  return new FatalError(known ? reason : `This picture is damaged and could not be read (${reason}).`, {
    cause: error,
  });
}

/** To `scale` of the photo, as it is stored. */
function shrink(image: Photo, { width, height }: PictureHeader, scale: number): Photo {
  const [w, h] = [width, height].map(pixels => Math.max(1, Math.round(pixels * scale))) as [number, number];
  return scale < 1 ? (image.clone().resize({ w, h }) as Photo) : image;
}

async function store(image: Photo, owner: string, context: HandlerContext): Promise<Thumbnail> {
  const { width, height } = image;
  const bytes = await image.getBuffer(JimpMime.jpeg, { quality: 82 });
  const name = `thumbnail-${width}x${height}.jpg`;
  const file = await context.files.put(Readable.from([bytes]), { name, type: 'image/jpeg', owner, kind: 'thumbnail' });
  return { id: file.id, name, size: bytes.length, width, height };
}

type Made = Required<Pick<Picture, 'width' | 'height' | 'thumbnails'>>;

async function attach(pictureId: string, made: Made, context: HandlerContext): Promise<void> {
  const pictures = context.db.collection<Picture>(collections.pictures);
  const before = await pictures.findOneAndUpdate({ _id: pictureId }, { $set: made });
  const unwanted = before ? (before.thumbnails ?? []) : made.thumbnails;
  for (const { id } of unwanted) await context.files.remove(id);
}
