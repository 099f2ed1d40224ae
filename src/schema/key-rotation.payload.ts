import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'How far a rotation of keys is.' })
export class KeyRotation {
  @Field({ description: "Names the installation's present key, and says nothing of it." })
  keyId!: string;

  @Field(() => Int, { description: 'Data keys that this step made or sealed anew.' })
  keys!: number;

  @Field(() => Int, { description: 'Values that this step sealed anew.' })
  values!: number;

  @Field({ description: 'The key before this one is needed no more.' })
  done!: boolean;
}
