/** Counts what a gateway asks of ZooKeeper, on the wire: pings and handshakes are not operations. */
import { opcode, type TcpProxy } from './tcp-proxy.ts';

export interface Operations {
  readonly reads: number;
  /** A commit is one, however many changes it makes; so is a barrier. */
  readonly writes: number;
}

const reading: readonly number[] = [opcode.exists, opcode.getData, opcode.getChildren];
const writing: readonly number[] = [opcode.create, opcode.setData, opcode.multi];

export class OperationCounter {
  #reads = 0;
  #writes = 0;

  constructor(proxy: TcpProxy) {
    proxy.onRequest = ({ opcode: kind = 0 }) => {
      if (reading.includes(kind)) this.#reads += 1;
      if (writing.includes(kind)) this.#writes += 1;
      return 'forward';
    };
  }

  /** What was asked for while the action went on, by whomever. */
  async during(action: () => Promise<unknown>): Promise<Operations> {
    const before = { reads: this.#reads, writes: this.#writes };
    await action();
    return { reads: this.#reads - before.reads, writes: this.#writes - before.writes };
  }
}
