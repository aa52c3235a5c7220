/** Lets one loop wait until something happened or a time is over; what happened before the wait counts too. */
export interface Alarm {
  ring(): void;
  /** Forgets rings that nobody waited for. */
  clear(): void;
  /** Resolves at the next ring, at once when one is pending, or after `withinMs`. */
  wait(withinMs: number): Promise<void>;
}

/** Creates an alarm that has not rung. */
export function createAlarm(): Alarm {
  let rung = false;
  let wakeUp: (() => void) | undefined;

  return {
    ring() {
      rung = true;
      wakeUp?.();
    },
    clear() {
      rung = false;
    },
    async wait(withinMs) {
      if (!rung)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, withinMs);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      wakeUp = undefined;
      rung = false;
    },
  };
}
