import { execFile } from 'node:child_process';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CannotPlay } from '../scenario';

const run = promisify(execFile);
const megabyte = 1_048_576;

/** A file system of a few hundred MB, to be filled to its last byte. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** @throws CannotPlay where this machine lets nobody mount. */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
    } catch (error) {
      const said = String((error as { stderr?: string }).stderr || (error as Error).message).trim();
      throw new CannotPlay(`a small disk can be mounted by root on Linux only: ${said.split('\n')[0]}`);
    }
    return new SmallDisk(folder);
  }

  /** Takes all that is left but a little. */
  async fill(): Promise<void> {
    const file = await open(join(this.folder, 'filler'), 'a');
    try {
      for (const size of [megabyte, 4_096]) while (await wrote(file, size));
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(join(this.folder, 'filler'), { force: true });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  async unmount(): Promise<void> {
    await run('umount', ['--lazy', this.folder]);
  }
}

async function wrote(file: Awaited<ReturnType<typeof open>>, size: number): Promise<boolean> {
  try {
    return (await file.write(Buffer.alloc(size))).bytesWritten === size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
