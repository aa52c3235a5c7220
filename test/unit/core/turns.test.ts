import { expect } from 'chai';
import { createTurns } from '../../../engine/core/turns.ts';

describe('turns', () => {
  const { signal } = new AbortController();

  /** Work that goes on until it is told to end. */
  function held(log: string[], name: string) {
    let end: (fault?: Error) => void = () => undefined;
    const promise = new Promise<string>((resolve, reject) => {
      end = (fault) => (fault ? reject(fault) : resolve(name));
    });
    const work = () => {
      log.push(name);
      return promise;
    };
    return { work, end: () => end(), fail: () => end(new Error(name)) };
  }

  it('are given first come, first served, to so many at a time, also after a failure', async () => {
    const { inTurn } = createTurns(2);
    const log: string[] = [];
    const [first, second, third, fourth] = ['1', '2', '3', '4'].map((name) => held(log, name));
    const results = [first, second, third, fourth].map((one) => one && inTurn(one.work, signal));
    await new Promise(setImmediate);
    expect(log).to.deep.equal(['1', '2']);
    second?.fail();
    expect(await results[1]?.catch(({ message }: Error) => message)).to.equal('2');
    third?.end();
    expect(await results[2]).to.equal('3');
    first?.end();
    fourth?.end();
    expect(await Promise.all([results[0], results[3]])).to.deep.equal(['1', '4']);
    expect(log).to.deep.equal(['1', '2', '3', '4']);
  });

  it('are not waited for any longer than the signal says, and pass whoever left', async () => {
    const { inTurn } = createTurns(1);
    const log: string[] = [];
    const [first, second, third] = ['1', '2', '3'].map((name) => held(log, name));
    const given = new AbortController();
    const begun = first && inTurn(first.work, signal);
    const left = second && inTurn(second.work, given.signal).catch(({ message }: Error) => message);
    const last = third && inTurn(third.work, signal);
    given.abort(new Error('stopped'));
    expect(await left).to.equal('stopped');
    first?.end();
    third?.end();
    expect([await begun, await last, log]).to.deep.equal(['1', '3', ['1', '3']]);
    const never = inTurn(async () => 'done', AbortSignal.abort(new Error('before')));
    expect(await never.catch(({ message }: Error) => message)).to.equal('before');
  });
});
