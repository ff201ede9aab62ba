import { Priority } from '../../../infra/catalog';

export const pictureTasks = {
  /** Three thumbnails of the uploaded `file`, for the picture with the task's `_id`. */
  makeThumbnails: {
    payload: { file: String, owner: String },
    priority: Priority.high,
    attempts: 3,
    timeout: 120_000,
  },
} as const;
