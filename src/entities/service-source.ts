import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { isBuiltFor } from './built-image.js';

export enum AutoDeploy {
  OFF = 'OFF',
  IMAGE = 'IMAGE',
  BUILD = 'BUILD',
}
registerEnumType(AutoDeploy, {
  name: 'AutoDeploy',
  description: 'What a push does: nothing, or a new deployment of the image (its tag resolved again), or of an image built from the commit.',
});

/** The repository that a service follows. */
@ObjectType({ simpleResolvers: true, description: 'The repository that a service follows.' })
export class ServiceSource {
  @Field({ description: '`owner/name`.' })
  repository!: string;

  @Field(() => String, { nullable: true, description: "Where it is, e.g. git.example.com. Null: where the installation's repositories are." })
  host?: string | null;

  @Field()
  branch!: string;

  @Field(() => String, { nullable: true, description: 'Pushes that touch nothing under this folder do nothing. Null: the whole repository.' })
  path!: string | null;

  @Field(() => AutoDeploy)
  autoDeploy!: AutoDeploy;

  @Field(() => String, { nullable: true, description: 'Of a BUILD: where the Dockerfile is, seen from `path`. Null: `Dockerfile`.' })
  dockerfile?: string | null;

  @Field(() => String, { nullable: true, description: 'Of a BUILD: the stage of the Dockerfile that is built. Null: the last.' })
  target?: string | null;

  /** Of a BUILD. No secrets: they can be read off the image. */
  buildArgs?: Record<string, string> | null;
}

/** Whether a service's image is made from its source, and not pulled from elsewhere. */
export const isBuilt = ({ source, image, teamId }: { source: ServiceSource | null; image: string; teamId: string }): boolean =>
  source?.autoDeploy === AutoDeploy.BUILD && isBuiltFor(image, teamId);

/** The last push that a service was deployed for: an older one that comes late is known by it. */
export interface LastPush {
  before: string;
  commit: string;
  /** Seconds since 1970, as GitHub says. */
  pushedAt: number | null;
}
