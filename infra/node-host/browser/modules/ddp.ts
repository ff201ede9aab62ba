export { DDP } from '../connection';
