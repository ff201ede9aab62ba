import { fileProblem } from '../../../imports/ui/pictures/check-file';

describe('a file that was chosen', () => {
  const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0]);
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

  test.each([jpeg, png])('is fine when its first bytes are', async start => {
    expect(await fileProblem(new File([start], 'photo'))).toBeUndefined();
  });

  test.each([
    [['Dear Sir or Madam'], 'letter.jpg is neither a JPEG nor a PNG.'],
    [[], 'letter.jpg is empty.'],
    [[jpeg, new Uint8Array(30_000_000)], 'letter.jpg has 30.0 MB; 15 MB is the most.'],
  ])('is refused in words', async (parts, words) => {
    expect(await fileProblem(new File(parts as BlobPart[], 'letter.jpg'))).toBe(words);
  });
});
