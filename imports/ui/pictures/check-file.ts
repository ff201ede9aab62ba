import { maxUploadBytes } from '../../tasks/pictures/documents';
import { bytes } from '../format';

const starts = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
];

/** What is wrong with a file that was chosen, before it is sent; undefined where nothing is. The server looks again. */
export async function fileProblem(file: File): Promise<string | undefined> {
  const most = maxUploadBytes / 1024 / 1024;
  if (file.size > maxUploadBytes) return `${file.name} has ${bytes(file.size)}; ${most} MB is the most.`;
  if (file.size === 0) return `${file.name} is empty.`;
  const head = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const known = starts.some(start => start.every((byte, index) => head[index] === byte));
  return known ? undefined : `${file.name} is neither a JPEG nor a PNG.`;
}
