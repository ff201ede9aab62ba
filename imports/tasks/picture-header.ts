/**
 * What the first bytes of a photo say, read before anything decodes it: a name or a content type proves nothing, and a
 * small file can unfold to gigabytes of pixels.
 */

export type PictureType = 'image/jpeg' | 'image/png';

export interface PictureHeader {
  type: PictureType;
  /** In pixels, as stored: before it is turned. */
  width: number;
  height: number;
  /** How it is to be turned to be upright, as EXIF counts: 1 is upright, 3 upside down, 6 and 8 lie on a side. */
  orientation: number;
}

/** The bytes are no whole picture of a kind we read; the message is meant for the person who uploaded it. */
export class PictureError extends Error {
  override name = 'PictureError';
}

/** How many of a file's first bytes `sniffPicture` needs. */
export const sniffLength = 8;

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const jpegStart = Buffer.from([0xff, 0xd8, 0xff]);
const jpegEnd = Buffer.from([0xff, 0xd9]);
const pngEnd = Buffer.from('IEND');

/** The type that the first bytes prove, or undefined where they are neither JPEG nor PNG. */
export function sniffPicture(start: Buffer): PictureType | undefined {
  if (start.subarray(0, jpegStart.length).equals(jpegStart)) return 'image/jpeg';
  if (start.subarray(0, pngSignature.length).equals(pngSignature)) return 'image/png';
  return undefined;
}

/**
 * Type and size of a whole picture, without decoding it.
 *
 * @throws PictureError where the bytes are no picture, or end too early.
 */
export function readPictureHeader(bytes: Buffer): PictureHeader {
  const type = sniffPicture(bytes);
  if (!type) throw new PictureError('This is neither a JPEG nor a PNG, whatever its name says.');
  return type === 'image/png' ? readPng(bytes) : readJpeg(bytes);
}

function readPng(bytes: Buffer): PictureHeader {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') throw cutOff();
  if (bytes.lastIndexOf(pngEnd) < 33) throw cutOff();
  return sized('image/png', bytes.readUInt32BE(16), bytes.readUInt32BE(20));
}

function readJpeg(bytes: Buffer): PictureHeader {
  let header: PictureHeader | undefined;
  let orientation = 1;
  let at = jpegEnd.length;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff)
      throw new PictureError('This JPEG is damaged: one of its segments does not begin where it should.');
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (isFrame(marker) && at + 9 <= bytes.length) {
      header = sized('image/jpeg', bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5));
    }
    if (marker === exifSegment) orientation = readOrientation(bytes.subarray(at)) ?? orientation;
    if (marker === startOfScan) return { ...wholeJpeg(bytes, at, header), orientation };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw cutOff();
}

const startOfScan = 0xda;
const exifSegment = 0xe1;

/** The end marker is looked for behind the picture's own scan: the small preview that cameras embed has one too. */
function wholeJpeg(bytes: Buffer, scanAt: number, header: PictureHeader | undefined): PictureHeader {
  if (!header) throw new PictureError('This JPEG is damaged: it does not say how large it is.');
  if (bytes.indexOf(jpegEnd, scanAt) === -1) throw cutOff();
  return header;
}

/** Cameras don't turn pixels, they say how they were held: tag 0x0112 of the first directory in the EXIF segment. */
function readOrientation(segment: Buffer): number | undefined {
  if (segment.toString('latin1', 4, 10) !== 'Exif\0\0' || segment.length < 20) return undefined;
  const tiff = segment.subarray(10);
  const little = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  const entries = Math.min(u16(directory), 64);
  for (let at = directory + 2; at < directory + 2 + entries * 12; at += 12) {
    const value = u16(at) === 0x0112 ? u16(at + 8) : 0;
    if (value >= 1 && value <= 8) return value;
  }
  return undefined;
}

/** SOF0 to SOF15 hold the size; among them are three markers that mean something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function sized(type: PictureType, width: number, height: number): PictureHeader {
  if (width < 1 || height < 1) throw new PictureError(`This picture says that it is ${width} × ${height} pixels.`);
  return { type, width, height, orientation: 1 };
}

function cutOff(): PictureError {
  return new PictureError('This picture is cut off: the file ends before the picture does. Upload it again.');
}
