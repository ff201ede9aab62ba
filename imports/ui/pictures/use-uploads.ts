import { useState } from 'react';
import { reasonOf } from '../call';
import { fileProblem } from './check-file';
import { sendFile } from './send-file';

export interface Upload {
  id: number;
  name: string;
  fraction: number;
  problem?: string;
}

let lastId = 0;

/** What is on its way to the server, and what did not make it. Photos go one after the other. */
export function useUploads() {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const change = (id: number, changes: Partial<Upload>) =>
    setUploads(all => all.map(upload => (upload.id === id ? { ...upload, ...changes } : upload)));
  const dismiss = (id: number) => setUploads(all => all.filter(upload => upload.id !== id));

  const send = async (file: File, id: number) => {
    try {
      const problem = await fileProblem(file);
      if (problem) return change(id, { problem });
      await sendFile(file, fraction => change(id, { fraction }));
      dismiss(id);
    } catch (error) {
      change(id, { problem: reasonOf(error) });
    }
  };

  const add = async (files: Iterable<File>) => {
    const queue = [...files].map(file => ({ file, id: ++lastId }));
    setUploads(all => [...all, ...queue.map(({ file, id }) => ({ id, name: file.name, fraction: 0 }))]);
    for (const { file, id } of queue) await send(file, id);
  };

  return { uploads, add, dismiss };
}
