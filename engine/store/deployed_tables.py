"""What was deployed: files, the definitions in them, and bundles of their versions."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from engine.store.metadata import id_column, metadata
from engine.store.types import JsonColumn, UtcDateTime

deployment = Table(
    "deployment",
    metadata,
    id_column(),
    Column("name", String(200), nullable=False),
    Column("source", String(200), nullable=False, default=""),
    Column("deployed_at", UtcDateTime, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
)

# One version of one file. A bundle points at versions, so a file is stored once however many bundles use it.
resource = Table(
    "resource",
    metadata,
    id_column(),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("name", "version"),
)

# A process, decision or form inside a resource.
definition = Table(
    "definition",
    metadata,
    id_column(),
    Column("kind", String(16), nullable=False),  # process | decision | form
    Column("key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(200), nullable=False, default=""),
    Column("resource_id", ForeignKey("resource.id"), nullable=False),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    UniqueConstraint("kind", "key", "version"),
)

# The exact set of files a procedure runs on; instances keep the bundle they began with.
bundle = Table(
    "bundle",
    metadata,
    id_column(),
    Column("process_key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("resources", JsonColumn, nullable=False),  # resource name -> resource id
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    UniqueConstraint("process_key", "version"),
)

# Files that were checked and wait for a second person; nothing of them is in force.
proposal = Table(
    "proposal",
    metadata,
    id_column(),
    Column("name", String(200), nullable=False),
    Column("state", String(16), nullable=False, index=True),  # waiting | approved | refused | withdrawn
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("proposed_by", BigInteger, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),
    Column("reason", Text, nullable=False, default=""),
    Column("deployment_id", ForeignKey("deployment.id")),
    Column("checked", JsonColumn),  # what the checks found, of which files beside which ones in force
)

proposal_file = Table(
    "proposal_file",
    metadata,
    Column("proposal_id", ForeignKey("proposal.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("proposal_id", "name"),
)
