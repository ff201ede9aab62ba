export { DDPRateLimiter } from '../ddp/rate-limiter';
