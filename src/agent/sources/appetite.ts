/** A run that has a slot, or is made ready for one, or waits for one; oldest first where there are several. */
export interface Contender {
  readonly robotCode: string;
  /** It waits for the person at this host, and has no slot. */
  readonly waitsForPerson: boolean;
}

/** What a host runs at once. */
export interface Room {
  readonly maxConcurrentRuns: number;
  robotLimit(robotCode: string): number;
  /** Of these one runs at a time. */
  drivesScreen(robotCode: string): boolean;
}

export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** For each place one runs, and as many again are made ready meanwhile. */
const DEPTH = 2;

/**
 * Why this host wants no more of a robot's tasks now; null: it does. Those that wait for their own robot's limit, for
 * the screen or for the person keep nobody else from a slot, so they count for their own kind alone.
 * @param robotCode null: of whatever robot
 */
export function reasonToLeave(
  contenders: readonly Contender[],
  room: Room,
  robotCode: string | null,
): Reason | null {
  const most = DEPTH * room.maxConcurrentRuns;
  if (contenders.filter(mayHaveSlot(room)).length >= most) {
    return {
      code: 'CAPACITY',
      message: `This host is busy and as many runs as it takes at once (${room.maxConcurrentRuns}) wait already; the task waits on the platform.`,
    };
  }
  if (robotCode === null) return null;
  const limit = room.robotLimit(robotCode);
  if (contenders.filter((other) => other.robotCode === robotCode).length >= DEPTH * limit) {
    return {
      code: 'ROBOT_AT_LIMIT',
      message: `${robotCode} is at its limit on this host (${limit}), and as many runs of it wait already; the task waits on the platform.`,
    };
  }
  const ofScreen = contenders.filter((other) => room.drivesScreen(other.robotCode));
  if (room.drivesScreen(robotCode) && ofScreen.length >= DEPTH) {
    return {
      code: 'DESKTOP_TAKEN',
      message: 'A desktop robot runs here and another waits for the screen; the task waits on the platform.',
    };
  }
  return null;
}

/** Tells, one after the other, which of the contenders only a free slot is between. */
function mayHaveSlot({ robotLimit, drivesScreen }: Room): (contender: Contender) => boolean {
  const ofRobots = new Map<string, number>();
  let ofScreen = 0;
  return ({ robotCode, waitsForPerson }) => {
    if (waitsForPerson) return false;
    const nth = (ofRobots.get(robotCode) ?? 0) + 1;
    ofRobots.set(robotCode, nth);
    if (nth > robotLimit(robotCode)) return false;
    return !drivesScreen(robotCode) || ++ofScreen === 1;
  };
}
