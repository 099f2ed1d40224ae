import { choosePlace, usePlace } from './places.js';

/** Chooses the team and the environment that the pages are about. */
export function PlaceChoice() {
  const { teams, team, environments, environment } = usePlace();
  return (
    <div className="place">
      <label>
        <span>Team</span>
        <select value={team.id} onChange={(event) => choosePlace(event.target.value, null)}>
          {teams.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </select>
      </label>
      <label>
        <span>Environment</span>
        <select value={environment.name} onChange={(event) => choosePlace(team.id, event.target.value)}>
          {environments.map(({ id, name }) => <option key={id} value={name}>{name}</option>)}
        </select>
      </label>
    </div>
  );
}
