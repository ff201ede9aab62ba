import type { ComponentType } from 'react';
import type { OperatorRole } from '../../settings';
import { Audit } from './Audit';
import { Batches } from './Batches';
import { Errors } from './Errors';
import { Machines } from './Machines';
import { Now } from './Now';
import type { PageProps } from './page-props';
import { Schedules } from './Schedules';
import { Tasks } from './Tasks';
import { Types } from './Types';

interface ConsolePage {
  /** Of its address: `/console/<path>`. */
  path: string;
  title: string;
  Page: ComponentType<PageProps>;
  /** Shown in the navigation to this role alone. */
  needs?: OperatorRole;
}

/** The pages of the console, in the order of the navigation. */
const pages: readonly ConsolePage[] = [
  { path: '', title: 'Now', Page: Now },
  { path: 'tasks', title: 'Tasks', Page: Tasks },
  { path: 'batches', title: 'Batches', Page: Batches },
  { path: 'errors', title: 'Errors', Page: Errors },
  { path: 'types', title: 'Types', Page: Types },
  { path: 'schedules', title: 'Schedules', Page: Schedules },
  { path: 'machines', title: 'Machines', Page: Machines },
  { path: 'audit', title: 'Audit', Page: Audit, needs: 'admin' },
];

/** Those that somebody of this role sees. */
export const pagesOf = (role: OperatorRole): readonly ConsolePage[] =>
  pages.filter(({ needs }) => needs === undefined || needs === role);

export const pageAt = (path: string): ConsolePage | undefined => pages.find(page => page.path === path);
