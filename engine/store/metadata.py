"""The one MetaData that every table of the product is registered with."""

from sqlalchemy import BigInteger, Column, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[int]:
    """Make the primary key of a table whose ids are drawn by us."""
    return Column("id", BigInteger, primary_key=True, autoincrement=False)
