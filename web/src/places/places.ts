import { createContext, useContext } from 'react';
import { useQuery } from 'urql';
import { PlacesDocument, type PlacesQuery } from '../../generated/operations.js';
import { goTo, useAddress } from '../navigation/location.js';

export type TeamPlace = PlacesQuery['teams'][number];
export type EnvironmentPlace = PlacesQuery['environments'][number];

/** Where the page is: the team and the environment that are looked at. */
export interface Place {
  teams: readonly TeamPlace[];
  environments: readonly EnvironmentPlace[];
  team: TeamPlace;
  environment: EnvironmentPlace;
}

const REMEMBERED = 'apex-place';

export const PlaceContext = createContext<Place | null>(null);

export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (!place) throw new Error('There is no place around this component.');
  return place;
}

/** The place of the address, else where one was last, else the first there is. Null until it is known. */
export function useCurrentPlace(): { place: Place | null; result: ReturnType<typeof useQuery<PlacesQuery>>[0] } {
  const address = useAddress();
  const [result] = useQuery({ query: PlacesDocument, variables: {}, requestPolicy: 'cache-and-network' });
  const { teams = [], environments = [] } = result.data ?? {};
  const remembered = recall();
  const team = find(teams, address.searchParams.get('team')) ?? find(teams, remembered.team) ?? teams.find(({ personal }) => !personal && teams.length === 2) ?? teams[0];
  const own = environments.filter(({ teamId }) => teamId === team?.id);
  const wanted = address.searchParams.get('environment') ?? remembered.environment;
  const environment = own.find(({ name }) => name === wanted) ?? own.find(({ name }) => name === 'production') ?? own[0];
  return { place: team && environment ? { teams, environments: own, team, environment } : null, result };
}

/** Looks at another team or environment: its services. */
export function choosePlace(team: string, environment: string | null): void {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify({ team, environment }));
  } catch {
    // A browser that keeps nothing only forgets it.
  }
  const where = new URLSearchParams({ team, ...(environment !== null && { environment }) });
  goTo(`/?${where}`);
}

const find = (teams: readonly TeamPlace[], id: string | null | undefined): TeamPlace | undefined => teams.find((team) => team.id === id);

function recall(): { team?: string; environment?: string | null } {
  try {
    return (JSON.parse(localStorage.getItem(REMEMBERED) ?? '{}') as { team?: string } | null) ?? {};
  } catch {
    return {};
  }
}
