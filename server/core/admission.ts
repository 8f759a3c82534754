/**
 * How much one caller may have done at once. It stands before the database: what waits here holds no connection of the
 * pool, which is all that the process has for everybody. Kept in the process, as the pool is.
 */
import { AppError } from "./errors";

export interface Bound {
  /** Whose it is: calls under one key are counted together. */
  key: string;
  atOnce: number;
  /** How many may wait for their turn; what comes on top is refused. */
  waiting: number;
}

/**
 * Runs the work once every bound has room, which they are asked for in their order: whoever waits at the second holds a
 * place at the first, so that a narrow first bound keeps the queues of the others short. First come, first served.
 * @throws too_many where as many wait at a bound as may
 */
export async function admit<T>(bounds: Bound[], work: () => Promise<T>): Promise<T> {
  const [bound, ...others] = bounds;
  if (!bound) return work();
  await enter(bound);
  try {
    return await admit(others, work);
  } finally {
    leave(bound.key);
  }
}

/** As `admit`, for a stream, which has its place until it ends or is no longer read. */
export async function* admitStream<T>(bound: Bound, open: () => AsyncIterable<T>): AsyncGenerator<T> {
  await enter(bound);
  try {
    yield* open();
  } finally {
    leave(bound.key);
  }
}

interface Place {
  running: number;
  queue: (() => void)[];
}

const places = new Map<string, Place>();

async function enter({ key, atOnce, waiting }: Bound): Promise<void> {
  const place = places.get(key) ?? { running: 0, queue: [] };
  places.set(key, place);
  if (place.running < atOnce) {
    place.running += 1;
    return;
  }
  if (place.queue.length >= waiting)
    throw new AppError("too_many", "You ask for more at once than is answered. Wait a moment and try again.");
  await new Promise<void>((resolve) => place.queue.push(resolve));
}

/** Hands the place on to the next in line, so that nobody who comes meanwhile gets before them. */
function leave(key: string): void {
  const place = places.get(key)!;
  const next = place.queue.shift();
  if (next) next();
  else if (place.running === 1) places.delete(key);
  else place.running -= 1;
}
