package snapshot_test

import (
	"context"
	"fmt"
	"log"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// A repository in a folder: its snapshots, their indices, and the Lucene files of each shard.
func ExampleOpen() {
	ctx := context.Background()
	storage, err := snapshot.OpenFolder("/mnt/backups")
	if err != nil {
		log.Print(err)
		return
	}
	defer storage.Close()
	repository, err := snapshot.Open(ctx, storage, snapshot.Options{})
	if err != nil {
		log.Print(err)
		return
	}
	for _, entry := range repository.Entries() {
		info, err := repository.Snapshot(ctx, entry.UUID)
		if err != nil {
			log.Print(err)
			continue
		}
		indices, err := repository.Indices(ctx, info)
		if err != nil {
			log.Print(err) // names those that can't be read; the others follow
		}
		for _, index := range indices {
			for number := range index.Shards {
				shard, err := repository.Shard(ctx, info, index, number)
				if err != nil {
					log.Print(err)
					continue
				}
				fmt.Println(info.Name, index.Name, number, len(shard.Files), shard.Size())
			}
		}
	}
}

// A check names what is damaged and what that costs.
func ExampleRepository_Check() {
	ctx := context.Background()
	storage, err := snapshot.OpenFolder("/mnt/backups")
	if err != nil {
		log.Print(err)
		return
	}
	defer storage.Close()
	repository, err := snapshot.Open(ctx, storage, snapshot.Options{})
	if err != nil {
		log.Print(err)
		return
	}
	report, err := repository.Check(ctx, snapshot.CheckOptions{Level: snapshot.LevelContent})
	if err != nil {
		log.Print(err)
		return
	}
	for i := range report.Problems {
		fmt.Println(&report.Problems[i])
	}
}
