/** What handlers write and the page shows. Plain data, so that worker, server and browser share it. */

/** The Mongo names of the app's own collections. */
export const collections = {
  reports: 'reports',
  pictures: 'pictures',
  notifications: 'notifications',
  sales: 'sales',
} as const;

/** A file in GridFS, as a document points to it. */
export interface FileLink {
  id: string;
  name: string;
  /** In bytes. */
  size: number;
}

/** A report that a visitor asked for. Its task has the same `_id`. */
export interface Report {
  _id: string;
  owner: string;
  rows: number;
  createdAt: Date;
  /** Set once a worker has built it. */
  file?: FileLink;
}

export interface Thumbnail extends FileLink {
  width: number;
  height: number;
}

/** A photo that a visitor uploaded. The task that makes its thumbnails has the same `_id`. */
export interface Picture {
  _id: string;
  owner: string;
  name: string;
  createdAt: Date;
  original: FileLink;
  /** In pixels, as the photo is held; set with the thumbnails. */
  width?: number;
  height?: number;
  /** Smallest first. */
  thumbnails?: Thumbnail[];
}

/** What happened in a while, told to everybody: counts only, nobody's data. The task that wrote it has the same `_id`. */
export interface Notification {
  _id: string;
  createdAt: Date;
  title: string;
  text: string;
  /** The span that it tells of. */
  since: Date;
  until: Date;
}

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
