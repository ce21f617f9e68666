package aws

// offers.go answers: which versions, instance types and disks does the service have in this region? What it does not
// tell stays unknown, with a note, and the published tables decide.

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// maxOfferPages bounds how long a listing can be; today it is three pages.
	maxOfferPages = 100
	offersPerPage = 100
)

// InstanceOffer is what an instance type can do in a version.
type InstanceOffer struct {
	Encryption, FineGrained, Warm bool
}

// VolumeOffer is how large a volume of a type can be, in GiB.
type VolumeOffer struct{ Min, Max int }

// Offers is what the service has. A nil map or list means that it did not tell.
type Offers struct {
	Versions  []string
	Instances map[string]InstanceOffer
	Volumes   map[string]map[string]VolumeOffer // instance type without suffix, then gp2, gp3, io1, standard
	Notes     []string
}

// Offers asks what there is for a version: all versions, all instance types, and the disks of those types that can stand
// in for the old domain's. Only an ended context or missing credentials are errors; all else becomes a note.
func (s *Session) Offers(ctx context.Context, target es.Version, old Domain) (*Offers, error) {
	offers := new(Offers)
	if err := s.versions(ctx, offers); hopeless(ctx, err) {
		return nil, err
	} else if err != nil {
		offers.Notes = append(offers.Notes, "the service did not tell its versions ("+err.Error()+"); the published list is used")
	}
	if len(offers.Versions) > 0 && !slices.Contains(offers.Versions, EngineVersion(target)) {
		return offers, nil
	}
	if err := s.instances(ctx, target, offers); hopeless(ctx, err) {
		return nil, err
	} else if err != nil {
		offers.Instances = nil
		offers.Notes = append(offers.Notes, "the service did not tell its instance types ("+err.Error()+"); the published list is used")
	}
	wanted := bare(old.Nodes.Data.Type)
	for _, candidate := range append([]string{wanted}, ladderOf(wanted)...) {
		if _, offered := offers.Instances[candidate]; offered {
			if err := s.volumes(ctx, target, candidate, offers); hopeless(ctx, err) {
				return nil, err
			}
		}
	}
	return offers, nil
}

func hopeless(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	return ctx.Err() != nil || isKind(err, ErrNoCredentials, ErrBadCredentials, ErrExpiredToken, ErrClockSkew, ErrUnreachable)
}

func (s *Session) versions(ctx context.Context, offers *Offers) error {
	pages := opensearch.NewListVersionsPaginator(s.domains, &opensearch.ListVersionsInput{MaxResults: offersPerPage})
	for page := 0; pages.HasMorePages() && page < maxOfferPages; page++ {
		answer, err := pages.NextPage(ctx)
		if err != nil {
			return s.explain("list the versions of the service", err)
		}
		offers.Versions = append(offers.Versions, answer.Versions...)
	}
	return nil
}

func (s *Session) instances(ctx context.Context, target es.Version, offers *Offers) error {
	engine := EngineVersion(target)
	pages := opensearch.NewListInstanceTypeDetailsPaginator(s.domains, &opensearch.ListInstanceTypeDetailsInput{EngineVersion: &engine, MaxResults: offersPerPage})
	offers.Instances = map[string]InstanceOffer{}
	for page := 0; pages.HasMorePages() && page < maxOfferPages; page++ {
		answer, err := pages.NextPage(ctx)
		if err != nil {
			return s.explain("list the instance types of the service", err)
		}
		for _, detail := range answer.InstanceTypeDetails {
			offers.Instances[bare(string(detail.InstanceType))] = InstanceOffer{Encryption: awssdk.ToBool(detail.EncryptionEnabled),
				FineGrained: awssdk.ToBool(detail.AdvancedSecurityEnabled), Warm: awssdk.ToBool(detail.WarmEnabled)}
		}
	}
	if len(offers.Instances) == 0 {
		return fmt.Errorf("list the instance types of the service: the list is empty")
	}
	return nil
}

func (s *Session) volumes(ctx context.Context, target es.Version, bareType string, offers *Offers) error {
	engine := EngineVersion(target)
	answer, err := s.domains.DescribeInstanceTypeLimits(ctx, &opensearch.DescribeInstanceTypeLimitsInput{
		EngineVersion: &engine, InstanceType: types.OpenSearchPartitionInstanceType(bareType + ".search")})
	if err != nil {
		return s.explain("read the limits of "+bareType, err)
	}
	found := map[string]VolumeOffer{}
	for _, storage := range answer.LimitsByRole["data"].StorageTypes {
		if awssdk.ToString(storage.StorageTypeName) != "ebs" {
			continue
		}
		var offer VolumeOffer
		for _, limit := range storage.StorageTypeLimits {
			if len(limit.LimitValues) == 0 {
				continue
			}
			size, err := strconv.Atoi(limit.LimitValues[0])
			if err != nil || size < 0 {
				continue // a limit that is no size
			}
			switch awssdk.ToString(limit.LimitName) {
			case "MinimumVolumeSize":
				offer.Min = size
			case "MaximumVolumeSize":
				offer.Max = size
			}
		}
		found[awssdk.ToString(storage.StorageSubTypeName)] = offer
	}
	if len(found) > 0 {
		if offers.Volumes == nil {
			offers.Volumes = map[string]map[string]VolumeOffer{}
		}
		offers.Volumes[bareType] = found
	}
	return nil
}
