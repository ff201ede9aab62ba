/** When a schedule is due next: what the page counts down to. Not stored anywhere. */
export interface Due {
  /** The schedule's name. */
  _id: string;
  /** Nothing where it is never due again. */
  nextDue?: Date;
  /** The server's clock when it said so: the browser's may be wrong. */
  at: Date;
}

export const dues = 'dues';
