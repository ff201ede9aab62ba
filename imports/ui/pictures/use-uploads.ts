import { useState } from 'react';
import { reasonOf } from '../call';
import { visitorToken } from '../visitor';
import { fileProblem } from './check-file';

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

/**
 * Sends one photo. `onProgress` hears the share that has left, from 0 to 1.
 *
 * @throws an Error with the server's reason.
 */
function sendFile(file: File, onProgress: (fraction: number) => void): Promise<void> {
  visitorToken();
  const form = new FormData();
  form.append('photo', file);
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => (request.status === 201 ? resolve() : reject(new Error(reasonIn(request.responseText))));
    request.onerror = () => reject(new Error(`${file.name} did not get through. Try again.`));
    request.open('POST', '/upload/pictures');
    request.send(form);
  });
}

function reasonIn(body: string): string {
  try {
    return (JSON.parse(body) as { reason: string }).reason;
  } catch {
    return 'The server refused the photo. Try again.';
  }
}
