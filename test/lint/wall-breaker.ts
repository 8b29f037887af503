// Deliberately on the wrong side of a wall: `npm run check` fails unless it is caught.
import { WorldState } from '../../chaincode/src/world-state/world-state.ts';

export const caught = WorldState;
