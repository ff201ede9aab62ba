/** What the first bytes of a photo say: a name or a content type proves nothing. */

export type PictureType = 'image/jpeg' | 'image/png';

/** How many of a file's first bytes `sniffPicture` needs. */
export const sniffLength = 8;

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const jpegStart = Buffer.from([0xff, 0xd8, 0xff]);

/** The type that the first bytes prove, or undefined where they are neither JPEG nor PNG. */
export function sniffPicture(start: Buffer): PictureType | undefined {
  if (start.subarray(0, jpegStart.length).equals(jpegStart)) return 'image/jpeg';
  if (start.subarray(0, pngSignature.length).equals(pngSignature)) return 'image/png';
  return undefined;
}
