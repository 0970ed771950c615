// SPDX-License-Identifier: EUPL-1.2
// A value that pages follow: the smallest thing that does it, nothing is kept anywhere else.
import { useEffect, useState } from "preact/hooks";

export interface Signal<T> {
  value: T;
  use(): T;
}

export function signal<T>(first: T): Signal<T> {
  let value = first;
  const followers = new Set<() => void>();
  return {
    get value() {
      return value;
    },
    set value(next: T) {
      value = next;
      for (const f of [...followers]) f();
    },
    use() {
      const [, again] = useState(0);
      const shown = value;
      useEffect(() => {
        const f = () => again((n) => n + 1);
        followers.add(f);
        if (value !== shown) f(); // it changed between the drawing and now: nobody followed yet
        return () => void followers.delete(f);
      }, []);
      return value;
    },
  };
}
