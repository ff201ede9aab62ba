import { visitorToken } from '../visitor';

/**
 * Sends one photo. `onProgress` hears the share that has left, from 0 to 1.
 *
 * @throws an Error with the server's reason.
 */
export function sendFile(file: File, onProgress: (fraction: number) => void): Promise<void> {
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
