import SimpleSchema from 'simpl-schema';
import { Priority } from '../../../infra/catalog';
import { maxReportRows } from './documents';

export const reportTasks = {
  /** An Excel file of the first `rows` sales, for the report with the task's `_id`. */
  buildReport: {
    payload: { rows: { type: SimpleSchema.Integer, min: 1, max: maxReportRows }, owner: String },
    priority: Priority.medium,
    attempts: 3,
    timeout: 600_000,
  },
} as const;
