import type sharpOf from 'sharp';
import { FatalError } from '../../../../infra/workers/handler';
import { sniffPicture } from '../../pictures/picture-type';

export type Sharp = typeof sharpOf;

/** The memory that a photo may take once it is unfolded: 48 million pixels of four bytes each. */
export const maxDecodedBytes = 200_000_000;

/** A JPEG can't be longer than 65,535 pixels. */
const longestSide = 16_000;

export interface Photo {
  readonly bytes: Buffer;
  /** In pixels, as it is seen: upright. */
  readonly width: number;
  readonly height: number;
  /** CMYK without a profile that says what its inks are. */
  readonly plainInks: boolean;
}

export interface Jpeg {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

/**
 * Looks at a photo before anything decodes it: a small file can unfold to gigabytes.
 *
 * @throws FatalError in words for the person who uploaded it: the same bytes fail the same way each time.
 */
export async function openPhoto(sharp: Sharp, bytes: Buffer): Promise<Photo> {
  const type = sniffPicture(bytes);
  if (!type) throw new FatalError('This is neither a JPEG nor a PNG, whatever its name says.');
  const header = await sharp(bytes, { limitInputPixels: false }).metadata().catch(refuse);
  const { width, height, channels, depth, space, hasProfile } = header;
  const decoded = width * height * channels * (depth === 'uchar' ? 1 : 2);
  if (decoded > maxDecodedBytes) {
    const [is, most] = [decoded, maxDecodedBytes].map(size => `${Math.round(size / 1e6).toLocaleString('en')} MB`);
    throw new FatalError(
      `This picture has ${width} × ${height} pixels, ${is} once they are unfolded; ${most} is the most.`,
    );
  }
  if (type === 'image/png') checkPng(bytes, decoded + 3 * height);
  return { bytes, ...header.autoOrient, plainInks: space === 'cmyk' && !hasProfile };
}

/** A JPEG of the photo, upright, on white, `width` wide at most: one that is narrower is not blown up. */
export async function thumbnailOf(sharp: Sharp, photo: Photo, width: number): Promise<Jpeg> {
  const size = { width, height: longestSide, fit: 'inside', withoutEnlargement: true } as const;
  // Strict: a damaged photo would come out half grey and nobody would be told.
  const image = sharp(photo.bytes, { failOn: 'warning', limitInputPixels: maxDecodedBytes }).autoOrient().resize(size);
  const small = photo.plainInks ? await withoutInks(sharp, image) : image.flatten({ background: '#ffffff' });
  const { data, info } = await small.jpeg({ quality: 82 }).toBuffer({ resolveWithObject: true }).catch(refuse);
  return { bytes: data, width: info.width, height: info.height };
}

/** As browsers show inks that no profile describes: each takes its share of the light. */
async function withoutInks(sharp: Sharp, image: ReturnType<Sharp>): Promise<ReturnType<Sharp>> {
  const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw();
  const { data, info } = await inks.toBuffer({ resolveWithObject: true }).catch(refuse);
  const { width, height } = info;
  const light = Buffer.alloc(width * height * 3);
  for (let at = 0; at < light.length; at += 1) {
    const pixel = Math.floor(at / 3) * info.channels;
    light[at] = Math.round(((255 - (data[pixel + (at % 3)] ?? 0)) * (255 - (data[pixel + 3] ?? 0))) / 255);
  }
  return sharp(light, { raw: { width, height, channels: 3 } });
}

/**
 * Whether a PNG is whole, and honest about its size: its pixels, packed as badly as can be, take little more than they
 * do unpacked. The decoder would unfold all that follows them.
 */
function checkPng(bytes: Buffer, unpacked: number): void {
  let packed = 0;
  let type = '';
  for (let at = 8; at + 12 <= bytes.length && type !== 'IEND'; ) {
    const length = bytes.readUInt32BE(at);
    type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') packed += length;
    at += 12 + length;
  }
  if (type !== 'IEND') throw new FatalError(cutOff);
  if (packed > unpacked * 1.1 + 4_096) throw new FatalError('This picture is damaged: it holds more than it says.');
}

const cutOff = 'This picture is cut off: the file ends before the picture does. Upload it again.';

function refuse(cause: Error): never {
  const isCut = /premature end of JPEG|unexpected end|read error/i.test(cause.message);
  const reason = cause.message.split('\n')[0];
  throw new FatalError(isCut ? cutOff : `This picture is damaged and could not be read (${reason}).`, { cause });
}
