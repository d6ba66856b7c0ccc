/** How often the clocks are compared. */
const LOOK_MS = 2000;
/** A busy machine may be this late; more is no delay. */
const SLACK_MS = 5000;

export interface SleepWatchOptions {
  /** The wall clock, which sleeps through nothing but may be moved. */
  now: () => number;
  /** A clock that nobody moves; on Linux and macOS it stands still while the machine sleeps. */
  monotonic: () => number;
  /** Time went by unseen, or the wall clock was moved: by so much, back where negative. */
  onJump: (jumpMs: number) => void;
}

/**
 * Notices that the machine slept, that this process was stopped, or that the clock was moved: timers stand still
 * meanwhile, so whoever waits by them must look again.
 * @returns how to stop
 */
export function watchSleep(options: SleepWatchOptions): () => void {
  const look = createJumpDetector(options);
  const timer = setInterval(look, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look at the clocks, to be made every `LOOK_MS`. */
export function createJumpDetector({ now, monotonic, onJump }: SleepWatchOptions): () => void {
  let wallMs = now();
  let steadyMs = monotonic();
  return () => {
    const wall = now() - wallMs;
    const steady = monotonic() - steadyMs;
    wallMs += wall;
    steadyMs += steady;
    const jumpMs = wall < 0 ? wall - steady : Math.max(wall, steady) - LOOK_MS;
    if (Math.abs(jumpMs) > SLACK_MS) onJump(jumpMs);
  };
}
