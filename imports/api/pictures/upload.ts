import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FileStore } from '../../../infra/database';
import { answering, HttpError, sendJson } from '../files/http';
import { ownerOfCookies } from '../visitors/token';
import { addPicture } from './pictures';
import { type ReceiveLimits, receivePhoto } from './receive';

/**
 * How many uploads of one visitor may be under way at once, and how slow each may be: a little less than the role's own
 * limit for any request (settings: limits.requestMs), so that the sender gets an answer and not a cut line.
 */
const atOnce = 3;
const patience: ReceiveLimits = { idleMs: 15_000, totalMs: 55_000 };

/** `POST /upload/pictures`: a multipart form with one photo. Answers 201 with `{ id }` of the picture. */
export function uploadRoute(files: FileStore) {
  const limit = new ConcurrencyLimit(atOnce);
  return answering(async (request: IncomingMessage, response: ServerResponse) => {
    const owner = ownerOfCookies(request.headers.cookie);
    if (!owner)
      throw new HttpError(401, 'no-visitor', 'Open the page first: it gives your browser its visitor cookie.');
    const id = await limit.pass(owner, async () => {
      const photo = await receivePhoto(request, owner, files, patience);
      return addPicture(owner, photo, files);
    });
    sendJson(response, 201, { id });
  });
}

/** Lets a few through at once per owner. */
class ConcurrencyLimit {
  private readonly inside = new Map<string, number>();
  constructor(private readonly most: number) {}

  async pass<T>(owner: string, work: () => Promise<T>): Promise<T> {
    const before = this.inside.get(owner) ?? 0;
    if (before >= this.most) throw new HttpError(429, 'too-many', 'Too many uploads at once. Wait for one to finish.');
    this.inside.set(owner, before + 1);
    try {
      return await work();
    } finally {
      this.leave(owner);
    }
  }

  private leave(owner: string): void {
    const left = (this.inside.get(owner) ?? 1) - 1;
    if (left > 0) this.inside.set(owner, left);
    else this.inside.delete(owner);
  }
}
