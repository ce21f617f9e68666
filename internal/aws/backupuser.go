package aws

// backupuser.go answers: is the user there who may hand the role to the service, and how does it get access keys?
// Next: backupbucket.go.

import (
	"context"
	"errors"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// lookAtUser gives the user and its policy as they are where both are missing, and the user's ARN where there is one.
func (s *Session) lookAtUser(ctx context.Context, p *backupPlan) (user, policy Part, found string, err error) {
	user = Part{Kind: PartUser, Name: p.User, ARN: p.userARN, State: Missing}
	policy = Part{Kind: PartUserPolicy, Name: p.policyName(), ARN: p.userARN, State: Missing, Ours: true}
	answer, err := s.iam.GetUser(ctx, &iam.GetUserInput{UserName: &p.User})
	if err != nil {
		if err = s.explain("look at user "+p.User, err); errors.Is(err, ErrNotFound) {
			err = nil
		}
		return user, policy, "", err
	}
	user.Ours = ours(answer.User.Tags, p.Migration)
	return user, policy, awssdk.ToString(answer.User.Arn), nil
}

func (s *Session) checkUser(ctx context.Context, p *backupPlan) ([]Part, error) {
	user, policy, found, err := s.lookAtUser(ctx, p)
	if err != nil {
		return nil, err
	}
	if found == "" {
		return []Part{user, policy}, nil
	}
	p.userARN = found
	user.ARN, policy.ARN, user.State = found, found, Present
	own, err := s.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &p.User, PolicyName: &policy.Name})
	if err == nil {
		policy.State = Present
		if document, err := plainPolicy(awssdk.ToString(own.PolicyDocument)); err != nil || compactJSON(document) != compactJSON(p.userDocument()) {
			policy.State = Differs
			policy.Remarks = append(policy.Remarks, "it was made for another role or other domains")
		}
		return []Part{user, policy}, nil
	}
	if err = s.explain("look at the policy of user "+p.User, err); !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if user.Ours {
		return []Part{user, policy}, nil
	}
	lacking, err := s.lacks(ctx, p.userARN, p.neededOfSigner(), func(ctx context.Context) ([]policyDocument, error) { return s.userDocuments(ctx, p.User) })
	if err != nil {
		return nil, err
	}
	if len(lacking) == 0 {
		policy.State, policy.Ours = Present, false
		policy.Remarks = append(policy.Remarks, "the user has these rights already, from policies of yours")
	} else {
		policy.Remarks = append(policy.Remarks, "the user lacks "+strings.Join(actionsOf(lacking), ", ")+"; a policy of ours is added beside yours")
	}
	return []Part{user, policy}, nil
}

// userDocuments reads a user's own policies; those of its groups are left to the simulator.
func (s *Session) userDocuments(ctx context.Context, name string) ([]policyDocument, error) {
	managed, err := s.iam.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &name})
	if err != nil {
		return nil, s.explain("list the policies of user "+name, err)
	}
	documents, err := s.attached(ctx, managed.AttachedPolicies)
	if err != nil {
		return nil, err
	}
	inline, err := s.iam.ListUserPolicies(ctx, &iam.ListUserPoliciesInput{UserName: &name})
	if err != nil {
		return nil, s.explain("list the policies of user "+name, err)
	}
	for _, policy := range inline.PolicyNames {
		answer, err := s.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &name, PolicyName: &policy})
		if err != nil {
			return nil, s.explain("read the policy "+policy+" of user "+name, err)
		}
		document, err := parsePolicy(awssdk.ToString(answer.PolicyDocument))
		if err != nil {
			return nil, fmt.Errorf("read the policy %s of user %s: %w", policy, name, err)
		}
		documents = append(documents, document)
	}
	return documents, nil
}

func (s *Session) makeUser(ctx context.Context, p *backupPlan, part *Part) error {
	answer, err := s.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &p.User, Tags: p.iamTags()})
	if err != nil {
		return s.explain("create user "+p.User, err)
	}
	if answer.User != nil && awssdk.ToString(answer.User.Arn) != "" {
		p.userARN = awssdk.ToString(answer.User.Arn)
		part.ARN = p.userARN
	}
	return nil
}

func (s *Session) makeUserPolicy(ctx context.Context, p *backupPlan, part *Part) error {
	_, err := s.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &p.User, PolicyName: &part.Name, PolicyDocument: awssdk.String(p.userDocument())})
	if err != nil {
		return s.explain("give user "+p.User+" its policy", err)
	}
	return nil
}

func (s *Session) removeUser(ctx context.Context, p *backupPlan, record func(Part) error) ([]Part, error) {
	user, policy, found, err := s.lookAtUser(ctx, p)
	if err != nil {
		return nil, err
	}
	if found == "" {
		return []Part{user, policy}, nil
	}
	err = s.removing(&policy, record, "take the policy from user "+p.User, func() error {
		_, err := s.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &p.User, PolicyName: &policy.Name})
		return err
	})
	if err != nil {
		return []Part{policy}, err
	}
	if !user.Ours {
		user.State, user.Remarks = Kept, []string{"it is not ours"}
		return []Part{policy, user}, nil
	}
	keys, err := s.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &p.User})
	if err != nil {
		return []Part{policy}, s.explain("list the access keys of user "+p.User, err)
	}
	for _, key := range keys.AccessKeyMetadata {
		if err := s.DeleteAccessKey(ctx, p.User, awssdk.ToString(key.AccessKeyId)); err != nil {
			return []Part{policy}, err
		}
	}
	err = s.removing(&user, record, "delete user "+p.User, func() error {
		_, err := s.iam.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &p.User})
		return err
	})
	return []Part{policy, user}, err
}

// AccessKey is a pair of keys of a user. Its secret is told by AWS once and by us never, unless revealed.
type AccessKey struct {
	User   string
	ID     string
	Secret Secret
}

// CreateAccessKey makes a key pair for a user: only on the person's request, since a key lives until it is deleted.
func (s *Session) CreateAccessKey(ctx context.Context, user string) (AccessKey, error) {
	answer, err := s.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user})
	if err != nil {
		err = s.explain("create an access key for user "+user, err)
		var problem *Problem
		if errors.As(err, &problem) && problem.Kind == ErrLimit {
			problem.Advice = "a user has at most two access keys: delete one that nobody uses, or use one that is there"
		}
		return AccessKey{}, err
	}
	return AccessKey{User: user, ID: awssdk.ToString(answer.AccessKey.AccessKeyId), Secret: NewSecret(awssdk.ToString(answer.AccessKey.SecretAccessKey))}, nil
}

// DeleteAccessKey takes a key pair away; one that is gone already is no error.
func (s *Session) DeleteAccessKey(ctx context.Context, user, id string) error {
	_, err := s.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &user, AccessKeyId: &id})
	if err == nil {
		return nil
	}
	if err = s.explain("delete the access key "+id+" of user "+user, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// As is the same session with a user's key pair in place of the caller's credentials.
func (s *Session) As(key AccessKey) *Session {
	other := &Session{config: s.config.Copy(), override: s.override, poll: s.poll}
	other.config.Credentials = awssdk.NewCredentialsCache(credentials.NewStaticCredentialsProvider(key.ID, key.Secret.Reveal(), ""))
	other.connect()
	return other
}
