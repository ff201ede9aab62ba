/** Does something for the operator: `what` names it in the message of its success or failure. */
export type Act = (what: string, action: () => Promise<unknown>) => void;
