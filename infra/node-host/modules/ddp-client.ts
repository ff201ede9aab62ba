export { DDP } from './ddp';
