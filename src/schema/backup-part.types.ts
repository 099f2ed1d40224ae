import { Field, Float, ObjectType } from 'type-graphql';

/** One piece of a backup that is being downloaded. */
@ObjectType({ simpleResolvers: true, description: 'A piece of the content of a backup. What ends without a piece that is the `last` is not whole.' })
export class BackupPart {
  @Field({ description: 'A name for a file of it.' })
  fileName!: string;

  @Field(() => Float, { description: 'Bytes of all pieces together.' })
  size!: number;

  @Field({ description: 'In base64; the last piece has none.' })
  bytes!: string;

  @Field({ description: 'Nothing is missing before it.' })
  last!: boolean;
}
