package aws

// domainread.go answers: how is a domain read? Through the API of 2021, which knows both products; where the caller's
// rights or the region know only the API of 2015, through that one, its answer respelled into the other's.
// Next: domainstate.go (how far it is).

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// maxNamed is how many names an error repeats.
const maxNamed = 8

// ListedDomain is one line of ListDomains.
type ListedDomain struct {
	Name    string
	Product es.Product
}

// ListDomains names all domains of the region.
func (s *Session) ListDomains(ctx context.Context) ([]ListedDomain, error) {
	var listed []ListedDomain
	answer, err := s.domains.ListDomainNames(ctx, &opensearch.ListDomainNamesInput{})
	if err == nil {
		for _, info := range answer.DomainNames {
			listed = append(listed, ListedDomain{awssdk.ToString(info.DomainName), productOf(string(info.EngineType))})
		}
		return listed, nil
	}
	err = s.explain("list the domains", err)
	if !worthOldAPI(err) {
		return nil, err
	}
	old, oldErr := s.oldDomains.ListDomainNames(ctx, &elasticsearchservice.ListDomainNamesInput{})
	if oldErr != nil {
		return nil, s.telling("list the domains", err, oldErr)
	}
	for _, info := range old.DomainNames {
		listed = append(listed, ListedDomain{awssdk.ToString(info.DomainName), productOf(string(info.EngineType))})
	}
	return listed, nil
}

func productOf(engine string) es.Product {
	if engine == "OpenSearch" {
		return es.OpenSearch
	}
	return es.Elasticsearch
}

// ReadDomain reads the whole configuration of a domain, tags included. A name that is not there is ErrNotFound, with
// the names that are.
func (s *Session) ReadDomain(ctx context.Context, name string) (Domain, error) {
	status, err := s.describe(ctx, name)
	if err != nil {
		return Domain{}, s.namesThereAre(ctx, err)
	}
	domain, err := domainOf(status)
	if err != nil {
		return Domain{}, fmt.Errorf("read domain %s: %w", name, err)
	}
	if domain.ARN == "" {
		return domain, nil
	}
	tags, err := s.domains.ListTags(ctx, &opensearch.ListTagsInput{ARN: &domain.ARN})
	if err == nil {
		domain.Tags = tagMap(tags.TagList)
		return domain, nil
	}
	err = s.explain("read the tags of domain "+name, err)
	old, oldErr := s.oldDomains.ListTags(ctx, &elasticsearchservice.ListTagsInput{ARN: &domain.ARN})
	if oldErr != nil {
		return Domain{}, err
	}
	domain.Tags = map[string]string{}
	for _, tag := range old.TagList {
		domain.Tags[awssdk.ToString(tag.Key)] = awssdk.ToString(tag.Value)
	}
	return domain, nil
}

func tagMap(list []types.Tag) map[string]string {
	tags := map[string]string{}
	for _, tag := range list {
		tags[awssdk.ToString(tag.Key)] = awssdk.ToString(tag.Value)
	}
	return tags
}

// namesThereAre adds to a "not found" what is there; it is only words, so a second failure is no matter.
func (s *Session) namesThereAre(ctx context.Context, err error) error {
	var problem *Problem
	if !errors.As(err, &problem) || problem.Kind != ErrNotFound {
		return err
	}
	listed, listErr := s.ListDomains(ctx)
	if listErr != nil {
		return err
	}
	names := make([]string, 0, maxNamed)
	for _, domain := range listed {
		if len(names) == maxNamed {
			names = append(names, "...")
			break
		}
		names = append(names, domain.Name)
	}
	problem.Advice = fmt.Sprintf("%s has no domain at all: another --region or --profile?", s.Region())
	if len(names) > 0 {
		problem.Advice = fmt.Sprintf("in %s there are: %s; another --region or --profile?", s.Region(), strings.Join(names, ", "))
	}
	return problem
}

// describe asks the newer API first.
func (s *Session) describe(ctx context.Context, name string) (*types.DomainStatus, error) {
	answer, err := s.domains.DescribeDomain(ctx, &opensearch.DescribeDomainInput{DomainName: &name})
	if err == nil && answer.DomainStatus != nil {
		return answer.DomainStatus, nil
	}
	if err == nil {
		return nil, &Problem{Kind: ErrUnavailable, Doing: "read domain " + name, Said: "the answer is empty", Advice: "try again"}
	}
	err = s.explain("read domain "+name, err)
	if !worthOldAPI(err) {
		return nil, err
	}
	old, oldErr := s.oldDomains.DescribeElasticsearchDomain(ctx, &elasticsearchservice.DescribeElasticsearchDomainInput{DomainName: &name})
	if oldErr != nil {
		return nil, s.telling("read domain "+name, err, oldErr)
	}
	if old.DomainStatus == nil {
		return nil, err
	}
	status := new(types.DomainStatus)
	if err := respell(old.DomainStatus, status, fromOld); err != nil {
		return nil, fmt.Errorf("read domain %s: %w", name, err)
	}
	return status, nil
}

// worthOldAPI says whether the API of 2015 may know better: its actions have other names, so a policy written before
// 2021 allows only them.
func worthOldAPI(err error) bool {
	var problem *Problem
	if !errors.As(err, &problem) {
		return false
	}
	unknownOperation := problem.Kind == ErrNotFound && problem.Code != "ResourceNotFoundException"
	return problem.Kind == ErrAccessDenied || unknownOperation || problem.Code == "UnknownOperationException"
}

// telling picks the error that says more, when both APIs refuse: the newer one's, unless the older one let us in and
// has a reason of its own.
func (s *Session) telling(doing string, err, oldErr error) error {
	if oldErr = s.explain(doing, oldErr); worthOldAPI(oldErr) {
		return err
	}
	return oldErr
}

// fromOld renames what the API of 2021 renamed; all else is spelled the same in both.
var fromOld = map[string]string{"ElasticsearchClusterConfig": "ClusterConfig", "ElasticsearchVersion": "EngineVersion"}

// respell carries a value of one API's types into the other's, by field names. A field that holds something and that
// the other API doesn't have is an error: nothing is dropped in silence.
func respell(from, to any, names map[string]string) error {
	encoded, err := json.Marshal(from)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return err
	}
	delete(fields, "ResultMetadata")
	for old, current := range names {
		if value, there := fields[old]; there {
			delete(fields, old)
			fields[current] = value
		}
	}
	encoded, err = json.Marshal(withoutEmpty(fields))
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return fmt.Errorf("the two APIs differ: %w", err)
	}
	return nil
}

// withoutEmpty drops what the SDK writes for absent values.
func withoutEmpty(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if inner = withoutEmpty(inner); inner == nil || inner == "" {
				delete(value, name)
			} else {
				value[name] = inner
			}
		}
	}
	return value
}

// domainOf turns the service's description into ours.
func domainOf(status *types.DomainStatus) (Domain, error) {
	text := awssdk.ToString(status.EngineVersion)
	version, err := es.ParseVersion(text)
	if err != nil {
		return Domain{}, err
	}
	d := Domain{
		Name: awssdk.ToString(status.DomainName), ARN: awssdk.ToString(status.ARN), ID: awssdk.ToString(status.DomainId),
		Version: version, Endpoint: endpointOf(status), EndpointV2: https(awssdk.ToString(status.EndpointV2)),
		AccessPolicy: awssdk.ToString(status.AccessPolicies), AdvancedOptions: status.AdvancedOptions,
		IPAddressType: string(status.IPAddressType), State: progressOf(status),
	}
	if parsed, err := arn.Parse(d.ARN); err == nil {
		d.Region = parsed.Region
	}
	d.Nodes = nodesOf(status.ClusterConfig, version)
	if ebs := status.EBSOptions; ebs != nil && awssdk.ToBool(ebs.EBSEnabled) {
		d.EBS = &EBS{Type: string(ebs.VolumeType), SizeGiB: number(ebs.VolumeSize), IOPS: number(ebs.Iops), Throughput: number(ebs.Throughput)}
	}
	if vpc := status.VPCOptions; vpc != nil && len(vpc.SubnetIds) > 0 {
		d.VPC = &VPC{awssdk.ToString(vpc.VPCId), vpc.SubnetIds, vpc.SecurityGroupIds, vpc.AvailabilityZones, awssdk.ToBool(vpc.EgressEnabled)}
	}
	if rest := status.EncryptionAtRestOptions; rest != nil && awssdk.ToBool(rest.Enabled) {
		d.EncryptionAtRest, d.KMSKey = true, awssdk.ToString(rest.KmsKeyId)
	}
	if nodes := status.NodeToNodeEncryptionOptions; nodes != nil {
		d.NodeToNodeEncryption = awssdk.ToBool(nodes.Enabled)
	}
	if access := status.DomainEndpointOptions; access != nil {
		d.Access = EndpointOptions{EnforceHTTPS: awssdk.ToBool(access.EnforceHTTPS), TLSPolicy: string(access.TLSSecurityPolicy)}
		if awssdk.ToBool(access.CustomEndpointEnabled) {
			d.Access.CustomEndpoint = awssdk.ToString(access.CustomEndpoint)
			d.Access.CertificateARN = awssdk.ToString(access.CustomEndpointCertificateArn)
		}
	}
	d.Security = securityOf(status)
	if cognito := status.CognitoOptions; cognito != nil && awssdk.ToBool(cognito.Enabled) {
		d.Cognito = &Cognito{awssdk.ToString(cognito.UserPoolId), awssdk.ToString(cognito.IdentityPoolId), awssdk.ToString(cognito.RoleArn)}
	}
	for kind, target := range status.LogPublishingOptions {
		if d.Logs == nil {
			d.Logs = map[string]LogTarget{}
		}
		d.Logs[kind] = LogTarget{awssdk.ToString(target.CloudWatchLogsLogGroupArn), awssdk.ToBool(target.Enabled)}
	}
	if tune := status.AutoTuneOptions; tune != nil && tune.State != "" {
		d.AutoTune = &AutoTune{Enabled: strings.HasPrefix(string(tune.State), "ENABLE"), OffPeak: awssdk.ToBool(tune.UseOffPeakWindow)}
	}
	if off := status.OffPeakWindowOptions; off != nil {
		d.OffPeak = &OffPeak{Enabled: awssdk.ToBool(off.Enabled)}
		if window := off.OffPeakWindow; window != nil && window.WindowStartTime != nil {
			d.OffPeak.Hour, d.OffPeak.Minutes = int(window.WindowStartTime.Hours), int(window.WindowStartTime.Minutes)
		}
	}
	if update := status.SoftwareUpdateOptions; update != nil {
		d.AutoSoftwareUpdate = awssdk.ToBool(update.AutoSoftwareUpdateEnabled)
	}
	if snapshots := status.SnapshotOptions; snapshots != nil && snapshots.AutomatedSnapshotStartHour != nil {
		hour := number(snapshots.AutomatedSnapshotStartHour)
		d.SnapshotHour = &hour
	}
	return d, nil
}

func nodesOf(config *types.ClusterConfig, version es.Version) Nodes {
	if config == nil {
		return Nodes{}
	}
	n := Nodes{
		Data:          NodeGroup{withSuffix(string(config.InstanceType), version), number(config.InstanceCount)},
		ZoneAwareness: awssdk.ToBool(config.ZoneAwarenessEnabled), MultiAZWithStandby: awssdk.ToBool(config.MultiAZWithStandbyEnabled),
	}
	if awssdk.ToBool(config.DedicatedMasterEnabled) {
		n.Masters = &NodeGroup{withSuffix(string(config.DedicatedMasterType), version), number(config.DedicatedMasterCount)}
	}
	if awssdk.ToBool(config.WarmEnabled) {
		n.Warm = &NodeGroup{withSuffix(string(config.WarmType), version), number(config.WarmCount)}
	}
	if config.ColdStorageOptions != nil {
		n.ColdStorage = awssdk.ToBool(config.ColdStorageOptions.Enabled)
	}
	if n.ZoneAwareness {
		n.AvailabilityZones = 2 // the service's default
		if config.ZoneAwarenessConfig != nil && config.ZoneAwarenessConfig.AvailabilityZoneCount != nil {
			n.AvailabilityZones = number(config.ZoneAwarenessConfig.AvailabilityZoneCount)
		}
	}
	for _, option := range config.NodeOptions {
		if option.NodeConfig != nil && option.NodeType == types.NodeOptionsNodeTypeCoordinator && awssdk.ToBool(option.NodeConfig.Enabled) {
			n.Coordinators = &NodeGroup{withSuffix(string(option.NodeConfig.Type), version), number(option.NodeConfig.Count)}
		}
	}
	return n
}

func securityOf(status *types.DomainStatus) Security {
	var security Security
	if options := status.AdvancedSecurityOptions; options != nil {
		security = Security{Enabled: awssdk.ToBool(options.Enabled), InternalUsers: awssdk.ToBool(options.InternalUserDatabaseEnabled),
			Anonymous: awssdk.ToBool(options.AnonymousAuthEnabled)}
		if saml := options.SAMLOptions; saml != nil && awssdk.ToBool(saml.Enabled) {
			security.SAML = true
			if saml.Idp != nil {
				security.SAMLEntity = awssdk.ToString(saml.Idp.EntityId)
			}
		}
		security.JWT = options.JWTOptions != nil && awssdk.ToBool(options.JWTOptions.Enabled)
		security.IAMFederation = options.IAMFederationOptions != nil && awssdk.ToBool(options.IAMFederationOptions.Enabled)
	}
	security.IdentityCenter = status.IdentityCenterOptions != nil && awssdk.ToBool(status.IdentityCenterOptions.EnabledAPIAccess)
	return security
}

// endpointOf finds the address: public domains have one, those in a VPC have it under the key "vpc".
func endpointOf(status *types.DomainStatus) string {
	if address := awssdk.ToString(status.Endpoint); address != "" {
		return https(address)
	}
	return https(status.Endpoints["vpc"])
}

// https puts the scheme before a bare host; stand-ins give a whole address.
func https(host string) string {
	if host == "" || strings.Contains(host, "://") {
		return host
	}
	return "https://" + host
}

func number(value *int32) int { return int(awssdk.ToInt32(value)) }
