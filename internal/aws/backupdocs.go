package aws

// backupdocs.go answers: which rights do role and user get, to the letter? No more than a snapshot needs.

import "encoding/json"

// marshalPolicy cannot fail: only maps, lists and strings go in.
func marshalPolicy(statements ...map[string]any) string {
	encoded, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic("a policy of strings does not marshal: " + err.Error())
	}
	return string(encoded)
}

// trustDocument lets the service take the role, on behalf of our account and the named domains only.
func (p *backupPlan) trustDocument() string {
	return marshalPolicy(map[string]any{
		"Sid": "HikkoshiDomains", "Effect": "Allow", "Principal": map[string]any{"Service": serviceName}, "Action": "sts:AssumeRole",
		"Condition": map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": p.who.Account},
			"ArnLike":      map[string]any{"aws:SourceArn": p.domainARNs},
		},
	})
}

// bucketActions and objectActions are what the S3 repositories of all versions use. Listing is not narrowed to the
// prefix: old versions ask for the bucket itself, and OpenSearch's hashed shard paths begin before the base path.
var (
	bucketActions = []string{"s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"}
	objectActions = []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
)

func (p *backupPlan) roleDocument() string {
	return marshalPolicy(
		map[string]any{"Sid": "HikkoshiBucket", "Effect": "Allow", "Action": bucketActions, "Resource": p.bucketARN},
		map[string]any{"Sid": "HikkoshiObjects", "Effect": "Allow", "Action": objectActions, "Resource": p.objectsARN},
	)
}

// neededOfRole is what an existing role must be allowed to do.
func (p *backupPlan) neededOfRole() []need {
	needs := []need{{"s3:ListBucket", p.bucketARN}}
	for _, action := range []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"} {
		needs = append(needs, need{action, p.objectsARN})
	}
	return needs
}

func (p *backupPlan) userDocument() string {
	var resources []string
	for _, domain := range p.domainARNs {
		resources = append(resources, domain, domain+"/*")
	}
	return marshalPolicy(
		map[string]any{"Sid": "HikkoshiPassRole", "Effect": "Allow", "Action": "iam:PassRole", "Resource": p.roleARN,
			"Condition": map[string]any{"StringEquals": map[string]any{"iam:PassedToService": serviceName}}},
		map[string]any{"Sid": "HikkoshiDomains", "Effect": "Allow", "Action": "es:ESHttp*", "Resource": resources},
	)
}

// neededOfSigner is what whoever registers the repository must be allowed to do.
func (p *backupPlan) neededOfSigner() []need {
	needs := []need{{"iam:PassRole", p.roleARN}}
	for _, domain := range p.domainARNs {
		for _, action := range []string{"es:ESHttpGet", "es:ESHttpPut", "es:ESHttpPost", "es:ESHttpDelete"} {
			needs = append(needs, need{action, domain + "/*"})
		}
	}
	return needs
}

// need is one action on one resource.
type need struct{ action, resource string }
