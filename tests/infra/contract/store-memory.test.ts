import { MemoryStore } from '../../../infra/queue/store/memory-store';
import { describeStore } from './store-contract';

describeStore('MemoryStore', async () => new MemoryStore());
