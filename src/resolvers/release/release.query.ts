import { isDeepStrictEqual } from 'node:util';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { requireId, withinTeamsOf } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Service } from '../../entities/service.js';
import { notFound } from '../../errors.js';
import { Page } from '../../schema/connection.js';
import { pageWish } from '../../schema/page.js';
import { ReleaseChange, ReleaseConnection, ReleaseDiff, ReleaseVariable, ReleaseView, type ReleaseFieldDiff, type ReleaseVariableDiff } from '../../schema/release.types.js';
import { readReleases, readReleaseVariables } from './release-rows.js';

@Resolver(() => ReleaseView)
export class ReleaseQuery {
  @Query(() => ReleaseView)
  async release(@Ctx() { em, actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<ReleaseView> {
    const [release] = await readReleases(em, [{ sql: 'release.id = ?', params: [requireId(id)] }, withinTeamsOf(actor, 'service.team_id', 'service.id')]);
    if (!release) throw notFound();
    return release;
  }

  @Query(() => ReleaseDiff, { description: 'What the second release has otherwise than the first: fields with their values, variables by name only.' })
  async releaseDiff(@Ctx() context: RequestContext, @Arg('releaseA', () => ID) a: string, @Arg('releaseB', () => ID) b: string): Promise<ReleaseDiff> {
    const [releaseA, releaseB] = [await this.release(context, a), await this.release(context, b)];
    const variables = await readReleaseVariables(context.em, [a, b]);
    const [fields, names] = [fieldsOf(releaseA, releaseB), variablesOf(variables.get(releaseA.id) ?? [], variables.get(releaseB.id) ?? [])];
    return { same: fields.length + names.length === 0, releaseA, releaseB, fields, variables: names };
  }

  @FieldResolver(() => [ReleaseVariable])
  async variables(@Root() { id }: ReleaseView, @Ctx() { em }: RequestContext): Promise<ReleaseVariable[]> {
    return (await readReleaseVariables(em, [id])).get(id) ?? [];
  }
}

@Resolver(() => Service)
export class ServiceReleases {
  @FieldResolver(() => ReleaseConnection, { description: 'What it has run, newest first.' })
  async releases(
    @Root() { id }: Service,
    @Ctx() { em }: RequestContext,
    @Arg('first', () => Int, { nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
  ): Promise<Page<ReleaseView>> {
    const page = pageWish(first, after);
    return new Page(await readReleases(em, [{ sql: 'release.service_id = ?', params: [id] }], page), page);
  }
}

const COMPARED = ['image', 'digest', 'command', 'args', 'containerPort', 'healthCheck', 'resources', 'preDeploy'] as const;

const fieldsOf = (a: ReleaseView, b: ReleaseView): ReleaseFieldDiff[] =>
  COMPARED.filter((field) => !isDeepStrictEqual(a[field], b[field])).map((field) => ({ field, before: JSON.stringify(a[field]), after: JSON.stringify(b[field]) }));

type Pinned = ReleaseVariable & { id: string };

function variablesOf(before: readonly Pinned[], after: readonly Pinned[]): ReleaseVariableDiff[] {
  const earlier = new Map(before.map((variable) => [variable.key, variable.id]));
  const later = new Map(after.map((variable) => [variable.key, variable.id]));
  return [...new Set([...earlier.keys(), ...later.keys()])].sort().flatMap((key) => {
    if (earlier.get(key) === later.get(key)) return [];
    return [{ key, change: !earlier.has(key) ? ReleaseChange.ADDED : !later.has(key) ? ReleaseChange.REMOVED : ReleaseChange.CHANGED }];
  });
}
