import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebApp } from 'meteor/webapp';
import type { FileStore, StoredFile } from '../../../infra/database';
import { answering, HttpError, sendFile } from '../../../infra/http/answers';
import type { ApiPart } from '../part';
import { ownerOfCookies } from '../visitors/token';

export const files: ApiPart = {
  limits: {},
  publications: [],
  async start(store) {
    WebApp.handlers.get('/files/:id', downloadRoute(store));
  },
};

type DownloadRequest = IncomingMessage & { params: { id?: string } };

/** `GET /files/:id`: a file, to its owner only. Somebody else's looks as if it were not there. */
function downloadRoute(store: FileStore) {
  return answering(async (request: DownloadRequest, response: ServerResponse) => {
    await sendFile(await ownFile(request, store), store, request, response);
  });
}

async function ownFile({ headers: { cookie }, params }: DownloadRequest, store: FileStore): Promise<StoredFile> {
  const owner = ownerOfCookies(cookie);
  const file = owner && params.id ? await store.info(params.id) : undefined;
  if (!file || file.owner !== owner) throw new HttpError(404, 'not-found', 'There is no such file of yours.');
  return file;
}
