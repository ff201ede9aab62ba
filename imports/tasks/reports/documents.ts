import type { StoredFile } from '../../../infra/database';

/** A report that a visitor asked for. Its task has the same `_id`. */
export interface Report {
  _id: string;
  owner: string;
  rows: number;
  createdAt: Date;
  /** Set once a worker has built it. */
  file?: FileLink;
}

/** A file in GridFS, as a document points to it. */
export type FileLink = Pick<StoredFile, 'id' | 'name' | 'size'>;

/** One line of the shop's books: what a report is made of. Its `_id` is its place in the books, from 0. */
export interface Sale {
  _id: number;
  date: Date;
  region: string;
  customer: string;
  product: string;
  quantity: number;
  unitPrice: number;
}

/** The names of the collections. */
export const reportsCollection = 'reports';
export const salesCollection = 'sales';
