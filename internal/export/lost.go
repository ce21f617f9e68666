package export

// lost.go answers: which documents did a damaged repository lose? What package snapshot knows is a damaged file; here the
// indices that need it are decoded, and what can't be is named by segment and document number.

import (
	"context"
	"io"
	"slices"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Lost reads every document of some indices of a snapshot and gives what can't be read. The summary counts the rest.
func Lost(ctx context.Context, repository *snapshot.Repository, info *snapshot.Info, indices []string, progress func(Progress)) (*Summary, error) {
	options := Options{Selection: Selection{Indices: indices},
		ScanOptions: ScanOptions{KeepGoing: true, AllowPartial: true, Progress: progress}}
	return Run(ctx, repository, info, options, NewStream(io.Discard))
}

// AffectedBy gives the indices of one snapshot whose documents the problems of a check may have cost, sorted.
func AffectedBy(problems []snapshot.Problem, snapshotName string) []string {
	var names []string
	for i := range problems {
		problem := &problems[i]
		costsDocuments := problem.Loss >= snapshot.LossVersions && problem.Loss <= snapshot.LossShard
		if costsDocuments && problem.Index != "" && slices.Contains(problem.Snapshots, snapshotName) {
			names = append(names, problem.Index)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
