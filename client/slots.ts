/** Returns a function that gives back the slot. */
export type AcquireSlot = () => Promise<() => void>;

/** Creates the bound on how many may do something at the same time; the others wait in the order in which they came. */
export function createSlots(count: number): AcquireSlot {
  const waiting: (() => void)[] = [];
  let free = count;
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    };
  };
}
