import type { OperatorRole } from '../settings';
import type { ConsoleSources } from './sources';
import type { TargetKind, Targets } from './targets';

export interface ConsoleAction<Kind extends TargetKind, Result> {
  /** In the log. */
  name: string;
  /** On the button. */
  label: string;
  /** The button's name for screen readers, and what the page says of its success or failure. */
  describe(target: Targets[Kind]): string;
  on: Kind;
  /**
   * False where twice does more than once. Where the connection breaks before the answer comes, Meteor would send the
   * method again, although it may have been carried out.
   */
  resend?: boolean;
  /** Who may do it, whoever stands above included. */
  needs: OperatorRole;
  /** In the web role. @param target its id or name. @param by the operator's name. */
  run(sources: ConsoleSources, target: Targets[Kind], by: string): Promise<Result>;
}

/** An action with its types. */
export const action = <Kind extends TargetKind, Result>(entry: ConsoleAction<Kind, Result>) => entry;
